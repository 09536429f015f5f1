# Genesys -> EventBridge -> SQS -> Streamvane. What the rule cannot deliver, and what is received too often, goes to the
# dead-letter queue.

resource "aws_cloudwatch_event_bus" "genesys" {
  name               = var.genesys_event_source
  event_source_name  = var.genesys_event_source
  kms_key_identifier = aws_kms_key.data.arn
}

resource "aws_sqs_queue" "dead" {
  name                      = "${var.name}-events-dead"
  kms_master_key_id         = aws_kms_key.data.arn
  message_retention_seconds = 1209600
}

resource "aws_sqs_queue" "events" {
  name                       = "${var.name}-events"
  kms_master_key_id          = aws_kms_key.data.arn
  message_retention_seconds  = 1209600
  visibility_timeout_seconds = 120
  receive_wait_time_seconds  = 20
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = 10
  })
}

resource "aws_cloudwatch_event_rule" "events" {
  name           = "${var.name}-events"
  event_bus_name = aws_cloudwatch_event_bus.genesys.name
  event_pattern  = jsonencode({ account = [local.account] })
}

resource "aws_cloudwatch_event_target" "events" {
  rule           = aws_cloudwatch_event_rule.events.name
  event_bus_name = aws_cloudwatch_event_bus.genesys.name
  arn            = aws_sqs_queue.events.arn
  dead_letter_config {
    arn = aws_sqs_queue.dead.arn
  }
}

resource "aws_sqs_queue_policy" "events" {
  for_each  = { events = aws_sqs_queue.events, dead = aws_sqs_queue.dead }
  queue_url = each.value.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Rule"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = each.value.arn
        Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.events.arn } }
      },
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = each.value.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}
