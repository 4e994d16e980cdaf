-- Only the embedded database keeps rows in a tree by their key; there is nothing to change here.
SELECT 1;
