"""One module a workbook: QUESTIONS, by slug, with right answers that do not come from the functions under study."""
