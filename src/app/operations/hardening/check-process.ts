import { findingsOf, type Finding } from './finding.js'
import { isAt } from './listening.js'
import type { ProcessSeen, Variable } from './process-seen.js'

type Amiss = Omit<Finding, 'area'>
/** A port that the configuration asks for. */
export type Expected = Readonly<{ endpoint: string; host: string; port: number }>

/** Flags of Node.js by which somebody looks into a process, or weakens its TLS. */
const INSPECTING =
  /^--(inspect|inspect-brk|inspect-wait|inspect-port|inspect-publish-uid|debug|debug-brk|debug-port)(=|$)/
const WEAKENING = /^--(tls-min-v1\.[01]|tls-max-v1\.[01]|tls-cipher-list|tls-keylog|insecure-http-parser)(=|$)/
/** What ends so holds a secret by the customs of most programs, and by our own. */
const SECRET_NAME = /(^|_)(PASSWORD|PASSPHRASE|SECRET|TOKEN|KEYS?|SAS|CREDENTIALS?|CONNECTION_STRING)$/i

/** Who the process is, and whether somebody can look into it. */
export const checkProcess = ({ userId, capabilities, args, variables }: ProcessSeen): readonly Finding[] => {
  const options = variables.find(({ name }) => name === 'NODE_OPTIONS')?.value ?? ''
  const flags = [...args, ...options.split(/\s+/)]
  const amiss: Amiss[] = []
  if (userId === 0)
    amiss.push({
      ...{ what: 'user', state: 'failure', says: 'the process runs as root' },
      mend: 'run it as a user of its own, as the image does (65532)',
    })
  else if (capabilities !== 0n)
    amiss.push({
      ...{ what: 'capabilities', state: 'failure' },
      says: `the process has capabilities of root (0x${capabilities.toString(16)}); it needs none`,
      mend: 'securityContext.capabilities.drop: [ALL], or CapabilityBoundingSet= of systemd',
    })
  for (const flag of flags.filter((each) => INSPECTING.test(each)))
    amiss.push({
      ...{ what: 'inspector', state: 'failure', says: `${nameOf(flag)} lets whoever reaches its port run any code` },
      mend: `leave ${nameOf(flag)} out`,
    })
  for (const flag of flags.filter((each) => WEAKENING.test(each)))
    amiss.push({
      ...{ what: 'flags', state: 'failure', says: `${nameOf(flag)} weakens what the process speaks to others` },
      mend: `leave ${nameOf(flag)} out`,
    })
  if (flags.some((each) => /^--token(=|$)/.test(each)))
    amiss.push({
      ...{
        what: 'arguments',
        state: 'failure',
        says: '--token stands in the list of processes, for every user to read',
      },
      mend: '--token-file, or STREAMVANE_INGRESS__TOKEN',
    })
  return findingsOf('process', 'no root, no capabilities, no inspector, no secret among its arguments', amiss)
}

const nameOf = (flag: string): string => flag.split('=')[0] as string

/** Secrets in variables are inherited by children and stand in dumps; those in files have rights, and are rotated. */
export const checkEnvironment = ({ variables }: ProcessSeen): readonly Finding[] =>
  findingsOf('environment', 'no secret among its variables', [
    ...variables.flatMap((variable): readonly Amiss[] =>
      isSecret(variable)
        ? [
            {
              ...{ what: variable.name, state: 'warning', says: `${variable.name} holds a secret` },
              mend: 'a file, and { file: /run/secrets/name } in the configuration',
            },
          ]
        : [],
    ),
    ...variables.flatMap(({ name, value }): readonly Amiss[] =>
      name === 'NODE_TLS_REJECT_UNAUTHORIZED' && value === '0'
        ? [
            {
              ...{ what: name, state: 'failure', says: 'no certificate of any other system is checked' },
              mend: `leave ${name} out, and name the authority (ssl.caFile)`,
            },
          ]
        : name === 'NODE_DEBUG' && value !== ''
          ? [{ what: name, state: 'warning', says: 'Node.js prints what it sends and gets', mend: `leave ${name} out` }]
          : [],
    ),
  ])

const isSecret = ({ name, isEmpty, hasCredentials }: Variable): boolean =>
  !isEmpty && (hasCredentials || SECRET_NAME.test(name))

/** Whether the process listens where the configuration says, and nowhere else. */
export const checkPorts = ({ listening }: ProcessSeen, expected: readonly Expected[]): readonly Finding[] => {
  const isExpected = ({ address, port }: (typeof listening)[number]): boolean =>
    expected.some((each) => each.port === port && isAt(each.host, address))
  return findingsOf('ports', `it listens at ${listening.map(({ port }) => port).join(', ')}, as configured`, [
    ...listening
      .filter((socket) => !isExpected(socket))
      .map(({ address, port }): Amiss => ({
        ...{ what: String(port), state: 'failure', says: `it listens at ${address}, port ${port}: no setting says so` },
        mend: 'find out what listens there: ss -ltnp',
      })),
    ...expected
      .filter(({ host, port }) => !listening.some((socket) => socket.port === port && isAt(host, socket.address)))
      .map(({ endpoint, host, port }): Amiss => ({
        ...{ what: endpoint, state: 'warning', says: `it does not listen at ${host}, port ${port}, as configured` },
        mend: 'another process of this configuration may: name it by --pid',
      })),
  ])
}
