/**
 * Test support: who may do what on EventStoreDB, as its documentation and sources say. A right is said by the policy of
 * the stream, else by `$settings`, else by the server's defaults: everybody may everything with a stream, and only
 * `$admins` with the system's own (`$all` is one of them). `$admins` may everything in any case. Reading and writing
 * `$$x` is reading and setting the policy of `x`.
 */
import type { Metadata } from '@grpc/grpc-js'
import type { Data } from './data.js'

export type Operation = 'read' | 'write' | 'delete'
export type May = (caller: Metadata, operation: Operation, stream: string) => Promise<boolean>

/** The name and password that a call carries. */
export const credentialsOf = (metadata: Metadata): Readonly<{ name: string; password: string | undefined }> => {
  const [, encoded = ''] = /^Basic (.*)$/.exec(metadata.get('authorization')[0]?.toString() ?? '') ?? []
  const [, name = '', password] = /^([^:]*):(.*)$/.exec(Buffer.from(encoded, 'base64').toString()) ?? []
  return { name, password }
}

type Acl = Readonly<Record<string, string | readonly string[] | undefined>>

export const rightsBy = (groups: Readonly<Record<string, readonly string[]>>, data: Data): May => {
  const lastOf = async (stream: string): Promise<Readonly<Record<string, Acl | undefined>>> => {
    const last = (await data.streamOf(stream)).at(-1)
    return last === undefined ? {} : (JSON.parse(Buffer.from(last.data).toString()) as Record<string, Acl>)
  }
  return async (caller, operation, stream) => {
    const { name } = credentialsOf(caller)
    const roles = [name, '$all', ...(groups[name] ?? [])]
    if (stream === '$all' && operation !== 'read') return false
    if (roles.includes('$admins')) return true
    const isMeta = stream.startsWith('$$')
    const of = isMeta ? stream.slice(2) : stream
    const key = { read: isMeta ? '$mr' : '$r', write: isMeta ? '$mw' : '$w', delete: '$d' }[operation]
    const isSystem = of.startsWith('$')
    const own = (await lastOf(`$$${of}`))['$acl']
    const said = (await lastOf('$settings'))[isSystem ? '$systemStreamAcl' : '$userStreamAcl']
    const allowed = own?.[key] ?? said?.[key] ?? (isSystem ? '$admins' : '$all')
    return [allowed].flat().some((role) => roles.includes(role))
  }
}
