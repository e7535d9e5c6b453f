"""What requests and answers look like, by what they are about."""
