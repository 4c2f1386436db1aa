from django.db import migrations


def make_epoch(apps, schema_editor):
    apps.get_model("orders", "Epoch").objects.create()


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]
    operations = [migrations.RunPython(make_epoch, migrations.RunPython.noop)]
