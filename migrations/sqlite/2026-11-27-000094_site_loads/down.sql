DROP TABLE site_load;
