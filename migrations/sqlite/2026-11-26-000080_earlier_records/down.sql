DROP TABLE backtest;
DROP TABLE decision_earlier;
DROP TABLE senior_fact_earlier;
DROP TABLE senior_earlier;
