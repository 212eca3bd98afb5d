"""Programs for working on Tertulia; the server never needs them."""
