"""What is asked to be changed of a purchase order that its supplier has accepted, and the answer."""
