from . import partner_program_training, slide_channel, slide_channel_partner
