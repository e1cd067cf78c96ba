from django.db import migrations

from core.versions import watch
from duty import triggers


class Migration(migrations.Migration):
    dependencies = [("duty", "0001_initial"), ("core", "__first__")]

    operations = [
        migrations.RunPython(triggers.install, triggers.remove),
        migrations.RunPython(*watch("duty_warning", "warnings")),
        migrations.RunPython(*watch("duty_warningcall", "warnings")),
        migrations.RunPython(*watch("duty_response", "warnings")),
    ]
