"""Change orders: of prime contracts and of commitments, with the packages, requests and potential ones behind."""
