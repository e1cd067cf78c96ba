"""What grid workers do outside: patrols (巡查). Visits, attendance, campaigns and training find their place beside them."""
