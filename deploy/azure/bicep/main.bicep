// What a Streamvane on Azure needs, in one resource group. The list of resources and roles, and why, is
// deploy/requirements.yaml; deploy/azure/terraform makes the same.

@description('Prefix of all names: 3 to 16 lower-case letters, digits and hyphens, a letter first.')
@minLength(3)
@maxLength(16)
param name string

@description('Region of Azure, with availability zones.')
param location string = resourceGroup().location

@description('Namespace of the Helm release, which the federated credential names.')
param namespace string = 'streamvane'

@description('Event hubs for rows, as `streamvane topics asyncapi` lists them.')
param topics array

@description('Event hub of the progress of the egress, compacted.')
param progressTopic string = 'streamvane.progress'

@description('Object id of the group whose members administer the cluster.')
param administrators string

@description('Who is told of alerts.')
param alertEmail string

@description('Size of the nodes; it must support encryption at host.')
param nodeSize string

@description('Nodes at the beginning.')
param nodeCount int = 3

@description('Addresses of the virtual network, of the nodes and of the endpoints.')
param addressSpace string
param nodeAddresses string
param endpointAddresses string

param tags object = {}

var compact = replace(name, '-', '')

var roles = {
  serviceBusReceiver: '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'
  eventHubsSender: '2b629674-e913-4c01-ae53-ef4638d8f975'
  eventHubsReceiver: 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde'
  secretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  settingsReader: '516239f1-63e1-4d78-a4de-a74fb236a071'
  blobContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  metricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
  keyUser: 'e147488a-f6f5-4113-8e2d-b22465e65bf6'
  networkContributor: '4d97b98b-1d4f-4787-a291-c67834d212e7'
  reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7'
}

// ---- Identities

resource workload 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${name}-workload'
  location: location
  tags: tags
}

resource encryption 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${name}-encryption'
  location: location
  tags: tags
}

resource clusterIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${name}-cluster'
  location: location
  tags: tags
}

resource federated 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = {
  parent: workload
  name: 'kubernetes'
  properties: {
    issuer: cluster.properties.oidcIssuerProfile.issuerURL
    subject: 'system:serviceaccount:${namespace}:streamvane'
    audiences: [
      'api://AzureADTokenExchange'
    ]
  }
}

// ---- Network

resource nodesRules 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: '${name}-nodes'
  location: location
  tags: tags
}

resource endpointsRules 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: '${name}-endpoints'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'nodes'
        properties: {
          priority: 100
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: nodeAddresses
          sourcePortRange: '*'
          destinationAddressPrefix: endpointAddresses
          destinationPortRanges: [
            '443'
            '5671'
            '9093'
          ]
        }
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        addressSpace
      ]
    }
    subnets: [
      {
        name: 'nodes'
        properties: {
          addressPrefix: nodeAddresses
          networkSecurityGroup: {
            id: nodesRules.id
          }
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: endpointAddresses
          networkSecurityGroup: {
            id: endpointsRules.id
          }
        }
      }
    ]
  }
}

resource nodes 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' existing = {
  parent: network
  name: 'nodes'
}

// ---- Keys and secrets

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: subscription().tenantId
    sku: {
      family: 'A'
      name: 'premium'
    }
    enableRbacAuthorization: true
    enablePurgeProtection: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    publicNetworkAccess: 'disabled'
    networkAcls: {
      defaultAction: 'Deny'
      bypass: 'AzureServices'
    }
  }
}

resource dataKey 'Microsoft.KeyVault/vaults/keys@2023-07-01' = {
  parent: vault
  name: 'data'
  properties: {
    kty: 'RSA-HSM'
    keySize: 3072
    keyOps: [
      'wrapKey'
      'unwrapKey'
    ]
    rotationPolicy: {
      attributes: {
        expiryTime: 'P2Y'
      }
      lifetimeActions: [
        {
          action: {
            type: 'rotate'
          }
          trigger: {
            timeBeforeExpiry: 'P60D'
          }
        }
      ]
    }
  }
}

resource encryptionKeyUser 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(dataKey.id, 'encryption', roles.keyUser)
  scope: dataKey
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyUser)
    principalId: encryption.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource disks 'Microsoft.Compute/diskEncryptionSets@2023-10-02' = {
  name: name
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${encryption.id}': {}
    }
  }
  properties: {
    encryptionType: 'EncryptionAtRestWithPlatformAndCustomerKeys'
    rotationToLatestKeyVersionEnabled: true
    activeKey: {
      keyUrl: dataKey.properties.keyUriWithVersion
    }
  }
  dependsOn: [
    encryptionKeyUser
  ]
}

// ---- Events and rows

resource events 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: '${name}-events'
  location: location
  tags: tags
  sku: {
    name: 'Premium'
    tier: 'Premium'
    capacity: 1
  }
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${encryption.id}': {}
    }
  }
  properties: {
    disableLocalAuth: true
    publicNetworkAccess: 'Disabled'
    minimumTlsVersion: '1.2'
    encryption: {
      keySource: 'Microsoft.KeyVault'
      requireInfrastructureEncryption: true
      keyVaultProperties: [
        {
          keyName: dataKey.name
          keyVaultUri: vault.properties.vaultUri
          identity: {
            userAssignedIdentity: encryption.id
          }
        }
      ]
    }
  }
  dependsOn: [
    encryptionKeyUser
  ]
}

resource eventsQueue 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = {
  parent: events
  name: 'genesys-events'
  properties: {
    maxDeliveryCount: 10
    deadLetteringOnMessageExpiration: true
  }
}

resource rows 'Microsoft.EventHub/namespaces@2024-01-01' = {
  name: '${name}-rows'
  location: location
  tags: tags
  sku: {
    name: 'Premium'
    tier: 'Premium'
    capacity: 1
  }
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${encryption.id}': {}
    }
  }
  properties: {
    disableLocalAuth: true
    publicNetworkAccess: 'Disabled'
    minimumTlsVersion: '1.2'
    encryption: {
      keySource: 'Microsoft.KeyVault'
      requireInfrastructureEncryption: true
      keyVaultProperties: [
        {
          keyName: dataKey.name
          keyVaultUri: vault.properties.vaultUri
          identity: {
            userAssignedIdentity: encryption.id
          }
        }
      ]
    }
  }
  dependsOn: [
    encryptionKeyUser
  ]
}

resource rowHubs 'Microsoft.EventHub/namespaces/eventhubs@2024-01-01' = [for topic in topics: {
  parent: rows
  name: topic
  properties: {
    partitionCount: 8
    retentionDescription: {
      cleanupPolicy: 'Delete'
      retentionTimeInHours: 168
    }
  }
}]

resource progressHub 'Microsoft.EventHub/namespaces/eventhubs@2024-01-01' = {
  parent: rows
  name: progressTopic
  properties: {
    partitionCount: 1
    retentionDescription: {
      cleanupPolicy: 'Compact'
      tombstoneRetentionTimeInHours: 168
    }
  }
}

// ---- Settings and objects

resource settings 'Microsoft.AppConfiguration/configurationStores@2024-05-01' = {
  name: '${name}-settings'
  location: location
  tags: tags
  sku: {
    name: 'standard'
  }
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${encryption.id}': {}
    }
  }
  properties: {
    disableLocalAuth: true
    publicNetworkAccess: 'Disabled'
    enablePurgeProtection: true
    softDeleteRetentionInDays: 7
    encryption: {
      keyVaultProperties: {
        keyIdentifier: dataKey.properties.keyUri
        identityClientId: encryption.properties.clientId
      }
    }
  }
  dependsOn: [
    encryptionKeyUser
  ]
}

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  // checkov:skip=CKV_AZURE_43: the name is made of a parameter with a pattern
  // checkov:skip=CKV_AZURE_206: three zones of one region; a second region is a decision on where data may lie
  name: '${compact}data'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: 'Standard_ZRS'
  }
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${encryption.id}': {}
    }
  }
  properties: {
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    publicNetworkAccess: 'Disabled'
    networkAcls: {
      defaultAction: 'Deny'
      bypass: 'AzureServices'
    }
    encryption: {
      keySource: 'Microsoft.Keyvault'
      requireInfrastructureEncryption: true
      identity: {
        userAssignedIdentity: encryption.id
      }
      keyvaultproperties: {
        keyname: dataKey.name
        keyvaulturi: vault.properties.vaultUri
      }
    }
  }
  dependsOn: [
    encryptionKeyUser
  ]
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: storage
  name: 'default'
  properties: {
    isVersioningEnabled: true
    deleteRetentionPolicy: {
      enabled: true
      days: 30
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: 30
    }
  }
}

resource containers 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = [for container in ['rows', 'backups']: {
  parent: blobs
  name: container
  properties: {
    publicAccess: 'None'
  }
}]

// ---- Private endpoints

var endpoints = [
  {
    name: 'servicebus'
    id: events.id
    part: 'namespace'
    zone: 0
  }
  {
    name: 'eventhubs'
    id: rows.id
    part: 'namespace'
    zone: 0
  }
  {
    name: 'vault'
    id: vault.id
    part: 'vault'
    zone: 1
  }
  {
    name: 'settings'
    id: settings.id
    part: 'configurationStores'
    zone: 2
  }
  {
    name: 'blobs'
    id: storage.id
    part: 'blob'
    zone: 3
  }
]

var zoneNames = [
  'privatelink.servicebus.windows.net'
  'privatelink.vaultcore.azure.net'
  'privatelink.azconfig.io'
  'privatelink.blob.${environment().suffixes.storage}'
]

resource zones 'Microsoft.Network/privateDnsZones@2020-06-01' = [for zone in zoneNames: {
  name: zone
  location: 'global'
  tags: tags
}]

resource zoneLinks 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2020-06-01' = [for (zone, index) in zoneNames: {
  parent: zones[index]
  name: name
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: network.id
    }
  }
}]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2024-05-01' = [for endpoint in endpoints: {
  name: '${name}-${endpoint.name}'
  location: location
  tags: tags
  properties: {
    subnet: {
      id: '${network.id}/subnets/endpoints'
    }
    privateLinkServiceConnections: [
      {
        name: endpoint.name
        properties: {
          privateLinkServiceId: endpoint.id
          groupIds: [
            endpoint.part
          ]
        }
      }
    ]
  }
}]

resource endpointNames 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [for (endpoint, index) in endpoints: {
  parent: privateEndpoints[index]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: endpoint.name
        properties: {
          privateDnsZoneId: zones[endpoint.zone].id
        }
      }
    ]
  }
}]

// ---- Cluster

resource cluster 'Microsoft.ContainerService/managedClusters@2024-09-01' = {
  // checkov:skip=CKV_AZURE_6: the control plane has no public address
  // checkov:skip=CKV_AZURE_172: enableSecretRotation is a text in the API, and is set
  name: name
  location: location
  tags: tags
  sku: {
    name: 'Base'
    tier: 'Standard'
  }
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${clusterIdentity.id}': {}
    }
  }
  properties: {
    dnsPrefix: name
    enableRBAC: true
    disableLocalAccounts: true
    diskEncryptionSetID: disks.id
    apiServerAccessProfile: {
      enablePrivateCluster: true
      enablePrivateClusterPublicFQDN: false
    }
    aadProfile: {
      managed: true
      enableAzureRBAC: true
      adminGroupObjectIDs: [
        administrators
      ]
    }
    oidcIssuerProfile: {
      enabled: true
    }
    securityProfile: {
      workloadIdentity: {
        enabled: true
      }
    }
    autoUpgradeProfile: {
      upgradeChannel: 'patch'
      nodeOSUpgradeChannel: 'NodeImage'
    }
    networkProfile: {
      networkPlugin: 'azure'
      networkPluginMode: 'overlay'
      networkDataplane: 'cilium'
      networkPolicy: 'cilium'
    }
    addonProfiles: {
      kubeDashboard: {
        enabled: false
      }
      azurepolicy: {
        enabled: true
      }
      azureKeyvaultSecretsProvider: {
        enabled: true
        config: {
          enableSecretRotation: 'true'
        }
      }
      omsagent: {
        enabled: true
        config: {
          logAnalyticsWorkspaceResourceID: logs.id
          useAADAuth: 'true'
        }
      }
    }
    agentPoolProfiles: [
      {
        name: 'system'
        mode: 'System'
        count: nodeCount
        vmSize: nodeSize
        availabilityZones: [
          '1'
          '2'
          '3'
        ]
        vnetSubnetID: nodes.id
        enableEncryptionAtHost: true
        osDiskType: 'Ephemeral'
        maxPods: 50
        nodeTaints: [
          'CriticalAddonsOnly=true:NoSchedule'
        ]
      }
    ]
  }
  dependsOn: [
    clusterNetwork
    clusterDisks
  ]
}

resource workNodes 'Microsoft.ContainerService/managedClusters/agentPools@2024-09-01' = {
  parent: cluster
  name: 'work'
  properties: {
    mode: 'User'
    count: nodeCount
    vmSize: nodeSize
    availabilityZones: [
      '1'
      '2'
      '3'
    ]
    vnetSubnetID: nodes.id
    enableEncryptionAtHost: true
    osDiskType: 'Ephemeral'
    maxPods: 50
  }
}

// ---- Logs, telemetry, alerts

resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    retentionInDays: 90
    sku: {
      name: 'PerGB2018'
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: name
  location: location
  tags: tags
  kind: 'other'
  properties: {
    Application_Type: 'other'
    WorkspaceResourceId: logs.id
  }
}

resource eventsLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'streamvane'
  scope: events
  properties: {
    workspaceId: logs.id
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
  }
}

resource rowsLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'streamvane'
  scope: rows
  properties: {
    workspaceId: logs.id
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
  }
}

resource vaultLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'streamvane'
  scope: vault
  properties: {
    workspaceId: logs.id
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
  }
}

resource settingsLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'streamvane'
  scope: settings
  properties: {
    workspaceId: logs.id
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
  }
}

resource blobsLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'streamvane'
  scope: blobs
  properties: {
    workspaceId: logs.id
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
  }
}

resource operators 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: name
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'streamvane'
    enabled: true
    emailReceivers: [
      {
        name: 'operators'
        emailAddress: alertEmail
        useCommonAlertSchema: true
      }
    ]
  }
}

var alerts = [
  {
    name: 'dead-letters'
    scope: events.id
    metric: 'DeadletteredMessages'
    why: 'Service Bus has messages that Streamvane could not read.'
  }
  {
    name: 'throttled'
    scope: rows.id
    metric: 'ThrottledRequests'
    why: 'Event Hubs refuses requests: it needs more processing units.'
  }
]

resource metricAlerts 'Microsoft.Insights/metricAlerts@2018-03-01' = [for alert in alerts: {
  name: '${name}-${alert.name}'
  location: 'global'
  tags: tags
  properties: {
    description: alert.why
    enabled: true
    severity: 2
    scopes: [
      alert.scope
    ]
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: alert.name
          criterionType: 'StaticThresholdCriterion'
          metricName: alert.metric
          timeAggregation: 'Maximum'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    actions: [
      {
        actionGroupId: operators.id
      }
    ]
  }
}]

// ---- Roles

resource workloadEvents 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(eventsQueue.id, 'workload', roles.serviceBusReceiver)
  scope: eventsQueue
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusReceiver)
    principalId: workload.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource workloadRowsWrite 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(rows.id, 'workload', roles.eventHubsSender)
  scope: rows
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.eventHubsSender)
    principalId: workload.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource workloadRowsRead 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(rows.id, 'workload', roles.eventHubsReceiver)
  scope: rows
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.eventHubsReceiver)
    principalId: workload.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource workloadSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, 'workload', roles.secretsUser)
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.secretsUser)
    principalId: workload.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource workloadSettings 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(settings.id, 'workload', roles.settingsReader)
  scope: settings
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.settingsReader)
    principalId: workload.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource workloadObjects 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage.id, 'workload', roles.blobContributor)
  scope: storage
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobContributor)
    principalId: workload.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource workloadTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, 'workload', roles.metricsPublisher)
  scope: insights
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.metricsPublisher)
    principalId: workload.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource clusterNetwork 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(nodes.id, 'clusterIdentity', roles.networkContributor)
  scope: nodes
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.networkContributor)
    principalId: clusterIdentity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource clusterDisks 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(disks.id, 'clusterIdentity', roles.reader)
  scope: disks
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.reader)
    principalId: clusterIdentity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

output workloadClientId string = workload.properties.clientId
output tenantId string = subscription().tenantId
output broker string = '${rows.name}.servicebus.windows.net:9093'
output serviceBusHost string = '${events.name}.servicebus.windows.net'
output vaultUri string = vault.properties.vaultUri
output appConfigurationEndpoint string = settings.properties.endpoint
output blobEndpoint string = storage.properties.primaryEndpoints.blob
