"""What an analysis of many records costs, beside a bare aggregate and two libraries of data frames."""
