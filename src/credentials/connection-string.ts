/** What a connection string of Azure Event Hubs or Azure Service Bus says. `key` is secret. */
export type ConnectionString = Readonly<{
  /** `<namespace>.servicebus.windows.net` */
  host: string
  /** Where the endpoint names one. */
  port: number | undefined
  keyName: string
  key: string
  /** The one event hub, queue or topic that the key is for; absent: all of the namespace. */
  entityPath: string | undefined
  /** `UseDevelopmentEmulator=true`: the emulator of Microsoft, which speaks without TLS. */
  isEmulator: boolean
}>

/**
 * Reads `Endpoint=sb://<namespace>.servicebus.windows.net/;SharedAccessKeyName=…;SharedAccessKey=…[;EntityPath=…]`.
 * Throws an `Error` that says what is missing and quotes nothing. `product` is named in it.
 */
export const readConnectionString = (text: string, product: 'Event Hubs' | 'Service Bus'): ConnectionString => {
  const parts = new Map(
    text
      .split(';')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map((part) => {
        const at = part.indexOf('=')
        return [part.slice(0, Math.max(at, 0)).toLowerCase(), part.slice(at + 1)] as const
      }),
  )
  const part = (name: string): string => parts.get(name.toLowerCase()) ?? ''
  const missing = ['Endpoint', 'SharedAccessKeyName', 'SharedAccessKey'].filter((name) => part(name) === '')
  if (missing.length > 0)
    throw new Error(
      `a connection string of ${product} has ${missing.join(', ')}: copy it from the shared access policy of the namespace`,
    )
  const [, host, port] = /^sb:\/\/([^/:]+)(?::(\d{1,5}))?\/?$/i.exec(part('Endpoint')) ?? []
  if (host === undefined) throw new Error('its Endpoint is sb://<namespace>.servicebus.windows.net/')
  return {
    host,
    port: port === undefined ? undefined : Number(port),
    keyName: part('SharedAccessKeyName'),
    key: part('SharedAccessKey'),
    entityPath: parts.get('entitypath'),
    isEmulator: part('UseDevelopmentEmulator').toLowerCase() === 'true',
  }
}
