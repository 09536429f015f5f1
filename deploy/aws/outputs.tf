# What the values of the Helm chart and the configuration of Streamvane need.

output "workload_role_arn" {
  description = "serviceAccount.workloadIdentity.aws.roleArn of the chart."
  value       = aws_iam_role.workload.arn
}

output "brokers" {
  description = "egress.kafka.brokers, with sasl mechanism aws-msk-iam."
  value       = split(",", aws_msk_cluster.main.bootstrap_brokers_sasl_iam)
}

output "queue_url" {
  description = "Queue of the source sqs."
  value       = aws_sqs_queue.events.url
}

output "bucket" {
  description = "Bucket of the sink s3."
  value       = aws_s3_bucket.data.bucket
}

output "secrets" {
  description = "Secrets whose values the operator puts in."
  value       = [for secret in aws_secretsmanager_secret.main : secret.name]
}
