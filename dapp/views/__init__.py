"""The pages. Each has `render(services, account)` and draws; services decide."""
