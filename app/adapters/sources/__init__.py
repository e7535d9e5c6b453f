"""Where suppliers keep their files, one folder for each way to fetch them."""
