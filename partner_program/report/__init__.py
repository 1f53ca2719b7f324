from . import partner_commission_integrity
