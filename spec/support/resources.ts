/** How many resources of this kind keep the process from ending. */
export const openResources = (kind: 'Timeout' | 'TCPSocketWrap'): number =>
  process.getActiveResourcesInfo().filter((one) => one === kind).length;
