import { azureIdentity } from '../credentials/vaults/azure-identity.js'
import { askWithToken } from '../credentials/vaults/bearer-request.js'
import { isLoopbackHost } from '../credentials/vaults/reference.js'
import { faultOf } from '../credentials/vaults/vault-answer.js'
import { jsonIn } from '../credentials/token-request.js'

/** A store of Azure App Configuration, and which of its settings are meant. */
export type SettingsStore = Readonly<{
  origin: string
  /** Settings with this label count over those without one. */
  label: string | undefined
  /** Only keys that begin so, without it. */
  prefix: string
}>

export type StoredSetting = Readonly<{ key: string; value: string; contentType: string }>

type Environment = Readonly<Record<string, string | undefined>>

/** The domains of App Configuration by cloud, and the audience of its tokens. They are sent to no other host. */
const CLOUDS: Readonly<Record<string, string>> = {
  'azconfig.io': 'https://appconfig.azure.com',
  'azconfig.azure.us': 'https://appconfig.azure.us',
  'azconfig.azure.cn': 'https://appconfig.azure.cn',
}

const audienceOf = ({ hostname, protocol }: URL): string | undefined => {
  if (isLoopbackHost(hostname)) return CLOUDS['azconfig.io']
  return protocol === 'https:' ? CLOUDS[hostname.split('.').slice(1).join('.')] : undefined
}

/** Reads `https://<store>.azconfig.io[?label=<label>&prefix=<prefix>]`. Throws an `Error` that says how it is written. */
export const settingsStore = (address: string): SettingsStore => {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const [label, prefix] = [url?.searchParams.get('label') ?? undefined, url?.searchParams.get('prefix') ?? '']
  const isKnown = [...(url?.searchParams.keys() ?? [])].every((name) => name === 'label' || name === 'prefix')
  const isPlain = /^[\w.:/-]*$/.test(prefix) && /^[^*,\\]*$/.test(label ?? '')
  if (
    url === undefined ||
    audienceOf(url) === undefined ||
    url.username !== '' ||
    url.pathname !== '/' ||
    !isKnown ||
    !isPlain
  )
    throw new Error('a store of settings is appconfig:https://<name>.azconfig.io[?label=<label>&prefix=<prefix>]')
  return { origin: url.origin, label, prefix }
}

/**
 * The settings of a store, weakest first: those without a label, then those with the label. Asked for as the identity of
 * Entra ID that the environment gives. Throws an `Error` that names the store, the identity and what helps; one with a
 * label that no setting has, too.
 */
export const storedSettings = async (
  store: SettingsStore,
  env: Environment,
  now: () => number = Date.now,
): Promise<readonly StoredSetting[]> => {
  const identity = azureIdentity(`${audienceOf(new URL(store.origin)) ?? ''}/.default`, env, now)
  const what = `App Configuration ${new URL(store.origin).host}`
  const listOf = async (label: string): Promise<readonly StoredSetting[]> => {
    const query = new URLSearchParams({ 'api-version': API, key: `${store.prefix}*`, label })
    const found: StoredSetting[] = []
    for (let next: string | undefined = `/kv?${query.toString()}`; next !== undefined;) {
      const url: string = new URL(next, store.origin).href
      if (new URL(url).origin !== store.origin) throw new Error(`${what} continues at another host`)
      const answer = await askWithToken(identity.tokens, { what, method: 'GET', url })
      if (answer.status !== 200)
        throw faultOf(what, identity.caller, answer, {
          forbidden: 'give the identity the role App Configuration Data Reader',
          missing: 'correct the address of the store',
        })
      found.push(...settingsIn(answer.text, store.prefix))
      next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(answer.link ?? '')?.[1]
    }
    return found
  }
  const unlabelled = await listOf(NO_LABEL)
  if (store.label === undefined) return unlabelled
  const labelled = await listOf(store.label)
  if (labelled.length === 0)
    throw new Error(`${what} has no settings with the label ${store.label} and the prefix '${store.prefix}'`)
  return [...unlabelled, ...labelled]
}

const API = '2023-11-01'
/** How a filter asks for settings that have no label. */
const NO_LABEL = '\0'
const FEATURE_FLAGS = '.appconfig.featureflag/'

const settingsIn = (text: string, prefix: string): readonly StoredSetting[] => {
  const { items = [] } = (jsonIn(text) ?? {}) as {
    items?: readonly Readonly<{ key: string; value?: string | null; content_type?: string | null }>[]
  }
  return items
    .filter(({ key }) => key.startsWith(prefix) && !key.startsWith(FEATURE_FLAGS))
    .map(({ key, value, content_type: type }) => ({
      key: key.slice(prefix.length),
      value: value ?? '',
      contentType: (type ?? '').split(';')[0]?.trim().toLowerCase() ?? '',
    }))
}
