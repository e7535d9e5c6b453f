"""Connected shops of retailers, and the credentials with which we reach them."""
