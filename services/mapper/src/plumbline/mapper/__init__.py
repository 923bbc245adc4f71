"""mapper: translates Procore records into what QuickBooks should hold."""
