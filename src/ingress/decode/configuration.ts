import { namedKinds, type ConfigurationFact } from '../../domain/fact.js'
import { profileProblems, type Profile } from '../../domain/profile.js'
import { BadField, epochMs, flag, isObject, object, text, type Body } from './fields.js'

/**
 * Configuration that Streamvane writes itself: the raw event has the type of the fact, and the rest of the fact as
 * JSON.
 */
export type Imported = Exclude<ConfigurationFact, Readonly<{ type: 'ConfigurationAudited' }>>

/** The id of the configured object; a constant where an organisation has only one. Throws `BadField`. */
const subjects: Readonly<Record<Imported['type'], (body: Body) => string>> = {
  QueueConfigured: (body) => {
    object(body, 'serviceLevel')
    return text(body, 'queueId')
  },
  OrgSettingsChanged: () => 'settings',
  PresenceDefined: (body) => {
    text(body, 'systemPresence')
    return text(body, 'presenceId')
  },
  ObjectNamed: (body) => {
    if (!namedKinds.some((kind) => kind === body['kind']))
      throw new BadField(`kind is not one of ${namedKinds.join(', ')}`)
    flag(body, 'gone')
    return text(body, 'objectId')
  },
  ProfilePublished: (body) => {
    const profile = object(body, 'profile')
    const problems = problemsOf(profile)
    if (problems.length > 0) throw new BadField(`profile: ${problems.join('; ')}`)
    return text(profile, 'id')
  },
  StreamErased: (body) => text(body, 'stream'),
}

export const isImportedType = (type: string): type is Imported['type'] => Object.hasOwn(subjects, type)

/** An invalid profile would stop every projection that reads it, so it becomes a dead letter. */
const problemsOf = (profile: Body): readonly string[] => {
  try {
    return profileProblems(profile as unknown as Profile)
  } catch (cause) {
    return [`not a profile (${(cause as Error).message})`]
  }
}

/**
 * The fact in the data of such an event. It was checked when it was written; only its form is checked here. Throws
 * `BadField`.
 */
export const importedFact = (type: Imported['type'], body: Body): Imported => {
  subjects[type](body)
  return { type, ...body, at: epochMs(body, 'at') } as unknown as Imported
}

/** The data of an event that holds this fact. */
export const importedData = ({ type: _, ...rest }: Imported): Buffer => Buffer.from(JSON.stringify(rest))

/** Kind and id of the configured object, as in the name of its stream. */
export const subjectOf = (fact: Imported): Readonly<{ kind: string; id: string }> => ({
  kind: fact.type === 'ObjectNamed' ? fact.kind : kinds[fact.type],
  id: subjects[fact.type](isObject(fact) ? fact : {}),
})

const kinds: Readonly<Record<Exclude<Imported['type'], 'ObjectNamed'>, string>> = {
  QueueConfigured: 'queue',
  OrgSettingsChanged: 'organisation',
  PresenceDefined: 'presence',
  ProfilePublished: 'profile',
  StreamErased: 'erased',
}
