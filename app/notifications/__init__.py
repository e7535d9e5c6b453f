"""What people are told: notices in the app, and e-mails."""
