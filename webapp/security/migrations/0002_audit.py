from django.db import migrations, models

REFUSE = """
CREATE FUNCTION security_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END $$;
CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON security_auditentry
    FOR EACH ROW EXECUTE FUNCTION security_audit_refuse();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON security_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION security_audit_refuse();
"""
ALLOW = """
DROP TRIGGER audit_no_truncate ON security_auditentry;
DROP TRIGGER audit_no_change ON security_auditentry;
DROP FUNCTION security_audit_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("security", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("kind", models.CharField(max_length=40)),
                ("who", models.CharField(blank=True, max_length=150)),
                ("account", models.CharField(blank=True, max_length=40)),
                ("address", models.CharField(blank=True, max_length=45)),
                ("detail", models.JSONField(default=dict)),
                ("previous", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
            ],
            options={"ordering": ["-number"], "verbose_name_plural": "audit entries"},
        ),
        migrations.RunSQL(REFUSE, ALLOW),
    ]
