from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("bybit", "0001_initial")]
    operations = [migrations.RemoveField(model_name="link", name="pass_requests")]
