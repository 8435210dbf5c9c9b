"""The site and its programme, as staff run them."""
