"""Microsoft.Insights and Microsoft.OperationalInsights."""
