"""Money: charging retailers, what suppliers have earned, paying them, and checking it all every night."""
