import { MANIFEST_KEY, sha256Of } from './layout.js'
import { decodeManifest, encodeJson, type Manifest } from './manifest.js'
import type { Condition, ETag, ObjectStore } from './object-store.js'

/** A manifest, and its version at the store. */
export type HeldManifest = Readonly<{ manifest: Manifest; etag: ETag }>

/** A manifest that nothing was published to; `version` and `writer` are those of who connects first. */
export const firstManifest = (tenant: string, sink: string): Omit<Manifest, 'version' | 'writer'> => ({
  ...{ format: 1, tenant, sink },
  progress: null,
  days: {},
})

/** `undefined`: there is none. Throws `ManifestDamaged` and `ObjectStoreFault`. */
export const readManifest = async (store: ObjectStore, signal: AbortSignal): Promise<HeldManifest | undefined> => {
  const found = await store.get(MANIFEST_KEY, signal)
  return found === undefined ? undefined : { manifest: decodeManifest(found.bytes), etag: found.etag }
}

/** Replaces the version `etag`; without one, there must be none. `undefined`: another version is there. */
export const putManifest = async (
  store: ObjectStore,
  manifest: Manifest,
  etag: ETag | undefined,
  signal: AbortSignal,
): Promise<HeldManifest | undefined> => {
  const now = await store.put(objectOf(manifest), etag === undefined ? 'absent' : { is: etag }, signal)
  return now === undefined ? undefined : { manifest, etag: now }
}

/**
 * Whether the store keeps the conditions of puts: tries two that must not take place, with the bytes that are there.
 * Some stores that speak the protocol of S3 do not know these headers and pass them by.
 */
export const isHonoured = async (
  store: ObjectStore,
  { manifest }: HeldManifest,
  signal: AbortSignal,
): Promise<boolean> => {
  const impossible: readonly Condition[] = ['absent', { is: '"00000000000000000000000000000000"' }]
  for (const condition of impossible)
    if ((await store.put(objectOf(manifest), condition, signal)) !== undefined) return false
  return true
}

const objectOf = (manifest: Manifest) => {
  const bytes = encodeJson(manifest)
  return { key: MANIFEST_KEY, bytes, sha256: sha256Of(bytes), contentType: 'application/json' }
}
