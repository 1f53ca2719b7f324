from . import portal_ideas, portal_tickets
