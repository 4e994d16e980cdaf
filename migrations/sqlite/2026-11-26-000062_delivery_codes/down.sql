DROP TABLE delivery_code_tries;
