DROP TABLE display_sign_in;
DROP TABLE user_pin;
