// The text of a length of time, as the server's `duration` writes it: the two largest of days, hours, minutes.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "3 d 4 h" for `seconds`; `units` are the words for day, hour, minute; below a minute `none`, else "0 min". */
export function duration(seconds, units = ["d", "h", "min"], none = `0 ${units[2]}`) {
  const [day, hour, minute] = units;
  if (seconds >= DAY) return pair(Math.floor(seconds / DAY), day, Math.floor((seconds % DAY) / HOUR), hour);
  if (seconds >= HOUR) return pair(Math.floor(seconds / HOUR), hour, Math.floor((seconds % HOUR) / MINUTE), minute);
  return seconds >= MINUTE ? `${Math.floor(seconds / MINUTE)} ${minute}` : none;
}

function pair(large, largeUnit, small, smallUnit) {
  return small ? `${large} ${largeUnit} ${small} ${smallUnit}` : `${large} ${largeUnit}`;
}
