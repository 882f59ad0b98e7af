import { isTimeZone } from '../format.ts'

/** Names begin with a letter; what else `Intl` takes, like "+02:00", knows no summer time. */
const NAME = /^[A-Za-z][A-Za-z0-9_+\-/]{0,63}$/

/**
 * Whether a zone that comes from a browser can be kept. Browsers know some by another name than the list under Settings,
 * like Asia/Calcutta and Asia/Kolkata: both mean the same, and each is kept as it came.
 */
export const isKnownZone = (zone: string): boolean => NAME.test(zone) && isTimeZone(zone)

/** Every zone whose name Node knows, with UTC first. */
const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')]

/** The zones to choose from, including the one that is set. */
export const zonesWith = (own: string): string[] => (ZONES.includes(own) ? ZONES : [own, ...ZONES])
