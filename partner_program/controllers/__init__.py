from . import portal, portal_commissions, portal_dashboard
