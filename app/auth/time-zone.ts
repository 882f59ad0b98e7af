import { isTimeZone } from '../format.ts'

/** Names start with a letter; offsets like "+02:00", which `Intl` takes too, have no summer time. */
const NAME = /^[A-Za-z][A-Za-z0-9_+\-/]{0,63}$/

/**
 * Whether a zone from a browser can be stored. Browsers call some differently from the list under Settings, like
 * Asia/Calcutta and Asia/Kolkata: both mean the same, and each is stored as it is.
 */
export const isKnownZone = (zone: string): boolean => NAME.test(zone) && isTimeZone(zone)

/** Every zone that Node knows, UTC first. */
const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')]

/** The zones to choose from, including the one that is set. */
export const zonesWith = (own: string): string[] => (ZONES.includes(own) ? ZONES : [own, ...ZONES])
