variable "name" {
  description = "Prefix of all names: lower-case letters, digits and hyphens."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,15}$", var.name))
    error_message = "3 to 16 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "location" {
  description = "Region of Azure, with availability zones."
  type        = string
}

variable "address_space" {
  description = "Addresses of the virtual network, a /16."
  type        = string
}

variable "namespace" {
  description = "Namespace and service account of the Helm release, which the federated credential names."
  type        = string
  default     = "streamvane"
}

variable "topics" {
  description = "Event hubs for rows, as `streamvane topics asyncapi` lists them."
  type        = list(string)
}

variable "progress_topic" {
  description = "Event hub of the egress' progress, compacted."
  type        = string
  default     = "streamvane.progress"
}

variable "administrators" {
  description = "Group in Entra ID whose members administer the cluster."
  type        = string
}

variable "alert_email" {
  description = "Who is told of alerts."
  type        = string
}

variable "node_size" {
  description = "Size of the nodes; it must support encryption at host."
  type        = string
}

variable "node_count" {
  description = "Nodes at the beginning; two or more, over the zones."
  type        = number
  default     = 3
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
  default     = {}
}
