{
    "name": "Partner Program: Races and Kills",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tests",
    "summary": "Fault points and removable guards for the tests of the bill run. Does nothing on its own.",
    "author": "FieldPro",
    "website": "https://www.fieldpro.example",
    "license": "LGPL-3",
    "depends": ["partner_program"],
}
