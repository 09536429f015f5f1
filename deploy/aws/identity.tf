# The role of the pods, and what it may do: nothing but what stands here.

locals {
  issuer = replace(aws_eks_cluster.main.identity[0].oidc[0].issuer, "https://", "")
  # arn:…:cluster/<name>/<id> gives topics, groups and transactional ids of the cluster.
  kafka = replace(aws_msk_cluster.main.arn, ":cluster/", ":%s/")
}

resource "aws_iam_role" "workload" {
  name = "${var.name}-workload"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = aws_iam_openid_connect_provider.cluster.arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = {
        "${local.issuer}:sub" = "system:serviceaccount:${var.namespace}:streamvane"
        "${local.issuer}:aud" = "sts.amazonaws.com"
      } }
    }]
  })
}

resource "aws_iam_role_policy" "workload_events" {
  name = "events"
  role = aws_iam_role.workload.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Action = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"], Resource = aws_sqs_queue.events.arn },
  ] })
}

resource "aws_iam_role_policy" "workload_rows" {
  name = "rows"
  role = aws_iam_role.workload.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Action = ["kafka-cluster:Connect", "kafka-cluster:DescribeCluster", "kafka-cluster:WriteDataIdempotently"], Resource = aws_msk_cluster.main.arn },
    { Effect = "Allow", Action = ["kafka-cluster:DescribeTopic", "kafka-cluster:DescribeTopicDynamicConfiguration", "kafka-cluster:ReadData", "kafka-cluster:WriteData"], Resource = [
      "${format(local.kafka, "topic")}/genesys.*", "${format(local.kafka, "topic")}/streamvane.*",
    ] },
    { Effect = "Allow", Action = ["kafka-cluster:DescribeTransactionalId", "kafka-cluster:AlterTransactionalId"], Resource = "${format(local.kafka, "transactional-id")}/streamvane.${var.tenant}.*" },
    { Effect = "Allow", Action = ["kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"], Resource = "${format(local.kafka, "group")}/streamvane.${var.tenant}.*" },
  ] })
}

resource "aws_iam_role_policy" "workload_secrets" {
  name = "secrets"
  role = aws_iam_role.workload.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Action = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], Resource = [for secret in aws_secretsmanager_secret.main : secret.arn] },
  ] })
}

resource "aws_iam_role_policy" "workload_objects" {
  name = "objects"
  role = aws_iam_role.workload.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Action = ["s3:ListBucket"], Resource = aws_s3_bucket.data.arn },
    { Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"], Resource = "${aws_s3_bucket.data.arn}/*" },
  ] })
}

resource "aws_iam_role_policy" "workload_key" {
  name = "key"
  role = aws_iam_role.workload.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = aws_kms_key.data.arn },
  ] })
}
