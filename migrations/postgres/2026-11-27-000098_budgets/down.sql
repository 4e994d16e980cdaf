DROP TABLE budget_change;
DROP FUNCTION budget_change_stays();
DROP TABLE funder_budget;
