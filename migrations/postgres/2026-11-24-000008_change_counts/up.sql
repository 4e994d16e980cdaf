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
);
INSERT INTO change_count (only_row, access, recipes, policies) VALUES (1, 0, 0, 0);

CREATE FUNCTION count_change_of_access() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE change_count SET access = access + 1;
    RETURN NULL;
END $$;
CREATE FUNCTION count_change_of_recipes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE change_count SET recipes = recipes + 1;
    RETURN NULL;
END $$;
CREATE FUNCTION count_change_of_policies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE change_count SET policies = policies + 1;
    RETURN NULL;
END $$;

CREATE TRIGGER app_user_update_counts AFTER UPDATE OF state, must_change_password ON app_user FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_access();
CREATE TRIGGER app_user_delete_counts AFTER DELETE ON app_user FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_access();
CREATE TRIGGER user_grant_insert_counts AFTER INSERT ON user_grant FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_access();
CREATE TRIGGER user_grant_update_counts AFTER UPDATE ON user_grant FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_access();
CREATE TRIGGER user_grant_delete_counts AFTER DELETE ON user_grant FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_access();
CREATE TRIGGER session_update_counts AFTER UPDATE ON session FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_access();
CREATE TRIGGER session_delete_counts AFTER DELETE ON session FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_access();
CREATE TRIGGER device_update_counts AFTER UPDATE ON device FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_access();
CREATE TRIGGER device_delete_counts AFTER DELETE ON device FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_access();
CREATE TRIGGER family_binding_insert_counts AFTER INSERT ON family_binding FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_access();
CREATE TRIGGER family_binding_update_counts AFTER UPDATE ON family_binding FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_access();
CREATE TRIGGER family_binding_delete_counts AFTER DELETE ON family_binding FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_access();
CREATE TRIGGER senior_update_counts AFTER UPDATE OF user_id ON senior FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_access();
CREATE TRIGGER import_hidden_insert_counts AFTER INSERT ON import_hidden FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_access();
CREATE TRIGGER import_hidden_delete_counts AFTER DELETE ON import_hidden FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_access();
CREATE TRIGGER dish_update_counts AFTER UPDATE ON dish FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_recipes();
CREATE TRIGGER dish_delete_counts AFTER DELETE ON dish FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_recipes();
CREATE TRIGGER recipe_line_insert_counts AFTER INSERT ON recipe_line FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_recipes();
CREATE TRIGGER recipe_line_update_counts AFTER UPDATE ON recipe_line FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_recipes();
CREATE TRIGGER recipe_line_delete_counts AFTER DELETE ON recipe_line FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_recipes();
CREATE TRIGGER ingredient_update_counts AFTER UPDATE ON ingredient FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_recipes();
CREATE TRIGGER ingredient_delete_counts AFTER DELETE ON ingredient FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_recipes();
CREATE TRIGGER policy_version_insert_counts AFTER INSERT ON policy_version FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_policies();
CREATE TRIGGER policy_version_update_counts AFTER UPDATE ON policy_version FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_policies();
CREATE TRIGGER policy_version_delete_counts AFTER DELETE ON policy_version FOR EACH STATEMENT EXECUTE FUNCTION count_change_of_policies();
CREATE TRIGGER senior_insert_counts AFTER INSERT ON senior FOR EACH ROW WHEN (NEW.user_id IS NOT NULL) EXECUTE FUNCTION count_change_of_access();
