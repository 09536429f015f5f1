variable "name" {
  description = "Prefix of all names."
  type        = string
}

variable "region" {
  description = "Region of AWS."
  type        = string
}

variable "vpc_id" {
  description = "Network of the cluster; it resolves names by DNS."
  type        = string
}

variable "vpc_cidr" {
  description = "Addresses of that network, which may reach the endpoints."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets, one in each of three zones."
  type        = list(string)
  validation {
    condition     = length(var.subnet_ids) == 3
    error_message = "MSK and the nodes are spread over three zones."
  }
}

variable "genesys_event_source" {
  description = "Name of the partner event source that Genesys made: aws.partner/genesys.com/…"
  type        = string
}

variable "namespace" {
  description = "Namespace of the Helm release."
  type        = string
  default     = "streamvane"
}

variable "tenant" {
  description = "Tenant of the deployment; topics, groups and transactional ids are limited to it."
  type        = string
}

variable "administrators" {
  description = "Role whose sessions administer the cluster."
  type        = string
}

variable "broker_size" {
  description = "Instance type of the brokers."
  type        = string
}

variable "broker_storage_gb" {
  description = "Storage of each broker, in GB."
  type        = number
}

variable "kafka_version" {
  description = "Version of Kafka that MSK offers."
  type        = string
}

variable "node_types" {
  description = "Instance types of the nodes."
  type        = list(string)
}

variable "node_count" {
  description = "Nodes at the beginning."
  type        = number
  default     = 3
}

variable "alert_email" {
  description = "Who is told of alerts."
  type        = string
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
  default     = {}
}
