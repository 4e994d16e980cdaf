-- How often things changed that are asked for with every request and change rarely. Memory that was filled at one count holds as
-- long as the count is the same: one small row is read instead of many. Triggers count, so that no way of changing can forget to.
CREATE TABLE change_count (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    -- Who may do what: sessions, users, grants, devices, bindings.
    access   BIGINT  NOT NULL,
    -- What dishes are made of.
    recipes  BIGINT  NOT NULL,
    -- Which policies are in force.
    policies BIGINT  NOT NULL
) WITHOUT ROWID;
INSERT INTO change_count (only_row, access, recipes, policies) VALUES (1, 0, 0, 0);

CREATE TRIGGER app_user_update_counts AFTER UPDATE OF state, must_change_password ON app_user BEGIN UPDATE change_count SET access = access + 1; END;
CREATE TRIGGER app_user_delete_counts AFTER DELETE ON app_user BEGIN UPDATE change_count SET access = access + 1; END;
CREATE TRIGGER user_grant_insert_counts AFTER INSERT ON user_grant BEGIN UPDATE change_count SET access = access + 1; END;
CREATE TRIGGER user_grant_update_counts AFTER UPDATE ON user_grant BEGIN UPDATE change_count SET access = access + 1; END;
CREATE TRIGGER user_grant_delete_counts AFTER DELETE ON user_grant BEGIN UPDATE change_count SET access = access + 1; END;
CREATE TRIGGER session_update_counts AFTER UPDATE ON session BEGIN UPDATE change_count SET access = access + 1; END;
CREATE TRIGGER session_delete_counts AFTER DELETE ON session BEGIN UPDATE change_count SET access = access + 1; END;
CREATE TRIGGER device_update_counts AFTER UPDATE ON device BEGIN UPDATE change_count SET access = access + 1; END;
CREATE TRIGGER device_delete_counts AFTER DELETE ON device BEGIN UPDATE change_count SET access = access + 1; END;
CREATE TRIGGER family_binding_insert_counts AFTER INSERT ON family_binding BEGIN UPDATE change_count SET access = access + 1; END;
CREATE TRIGGER family_binding_update_counts AFTER UPDATE ON family_binding BEGIN UPDATE change_count SET access = access + 1; END;
CREATE TRIGGER family_binding_delete_counts AFTER DELETE ON family_binding BEGIN UPDATE change_count SET access = access + 1; END;
CREATE TRIGGER senior_update_counts AFTER UPDATE OF user_id ON senior BEGIN UPDATE change_count SET access = access + 1; END;
CREATE TRIGGER import_hidden_insert_counts AFTER INSERT ON import_hidden BEGIN UPDATE change_count SET access = access + 1; END;
CREATE TRIGGER import_hidden_delete_counts AFTER DELETE ON import_hidden BEGIN UPDATE change_count SET access = access + 1; END;
CREATE TRIGGER dish_update_counts AFTER UPDATE ON dish BEGIN UPDATE change_count SET recipes = recipes + 1; END;
CREATE TRIGGER dish_delete_counts AFTER DELETE ON dish BEGIN UPDATE change_count SET recipes = recipes + 1; END;
CREATE TRIGGER recipe_line_insert_counts AFTER INSERT ON recipe_line BEGIN UPDATE change_count SET recipes = recipes + 1; END;
CREATE TRIGGER recipe_line_update_counts AFTER UPDATE ON recipe_line BEGIN UPDATE change_count SET recipes = recipes + 1; END;
CREATE TRIGGER recipe_line_delete_counts AFTER DELETE ON recipe_line BEGIN UPDATE change_count SET recipes = recipes + 1; END;
CREATE TRIGGER ingredient_update_counts AFTER UPDATE ON ingredient BEGIN UPDATE change_count SET recipes = recipes + 1; END;
CREATE TRIGGER ingredient_delete_counts AFTER DELETE ON ingredient BEGIN UPDATE change_count SET recipes = recipes + 1; END;
CREATE TRIGGER policy_version_insert_counts AFTER INSERT ON policy_version BEGIN UPDATE change_count SET policies = policies + 1; END;
CREATE TRIGGER policy_version_update_counts AFTER UPDATE ON policy_version BEGIN UPDATE change_count SET policies = policies + 1; END;
CREATE TRIGGER policy_version_delete_counts AFTER DELETE ON policy_version BEGIN UPDATE change_count SET policies = policies + 1; END;
CREATE TRIGGER senior_insert_counts AFTER INSERT ON senior WHEN NEW.user_id IS NOT NULL BEGIN UPDATE change_count SET access = access + 1; END;
