DROP TABLE budget_change;
DROP TABLE funder_budget;
