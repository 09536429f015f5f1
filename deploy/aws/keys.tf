# One key for all data at rest. Its policy leaves grants to IAM, but for the services that write on their own.

resource "aws_kms_key" "data" {
  description             = "Data of Streamvane at rest"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Account"
        Effect    = "Allow"
        Principal = { AWS = "${local.arn}:iam::${local.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "Services"
        Effect    = "Allow"
        Principal = { Service = ["events.amazonaws.com", "cloudwatch.amazonaws.com", "logs.${var.region}.amazonaws.com"] }
        Action    = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*", "kms:DescribeKey"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
    ]
  })
}

resource "aws_kms_alias" "data" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.data.key_id
}

# Values are put in by the operator; Terraform's state never holds them.
resource "aws_secretsmanager_secret" "main" {
  # checkov:skip=CKV2_AWS_57: the values are of other systems, whose rotation Lambda cannot do; they are read again when they change
  for_each                = toset(["ingress-token", "eventstoredb-password"])
  name                    = "${var.name}/${each.value}"
  kms_key_id              = aws_kms_key.data.arn
  recovery_window_in_days = 30
}
