variable "name" {
  description = "Prefix of all names."
  type        = string
}

variable "project" {
  description = "Project in Google Cloud."
  type        = string
}

variable "region" {
  description = "Region."
  type        = string
}

variable "address_range" {
  description = "Addresses of the nodes, a /20."
  type        = string
}

variable "pod_range" {
  description = "Addresses of the pods."
  type        = string
}

variable "service_range" {
  description = "Addresses of the services."
  type        = string
}

variable "control_range" {
  description = "Addresses of the control plane, a /28."
  type        = string
}

variable "administrators_range" {
  description = "Addresses from which the cluster is administered."
  type        = string
}

variable "security_group" {
  description = "Group gke-security-groups@… whose members may be named in roles of Kubernetes."
  type        = string
}

variable "namespace" {
  description = "Namespace of the Helm release."
  type        = string
  default     = "streamvane"
}

variable "kafka_vcpus" {
  description = "Processors of the Kafka cluster; at least 3."
  type        = number
}

variable "kafka_memory_bytes" {
  description = "Memory of the Kafka cluster; 1 to 8 GiB for each processor."
  type        = number
}

variable "alert_email" {
  description = "Who is told of alerts."
  type        = string
}

variable "labels" {
  description = "Labels of all resources that take them."
  type        = map(string)
  default     = {}
}
