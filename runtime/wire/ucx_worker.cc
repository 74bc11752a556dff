#include "runtime/wire/ucx_worker.h"

#include <ucs/config/global_opts.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace Atoll {
namespace {

// How long the end of a worker may wait for UCX's own talk with its peers.
constexpr Duration kSettleLimit = std::chrono::milliseconds(200);

// What stands before UCX's packed address.
struct Envelope {
  char magic[4] = {'A', 'U', 'C', 'X'};
  std::uint32_t packed_length = 0;
  ProcessStamp stamp{};
};

// `variable`: what a person sets instead.
Status set_default(ucp_config_t* config, const char* name, const char* value, const char* variable) {
  if (std::getenv(variable) != nullptr) return Status();
  const ucs_status_t status = ucp_config_modify(config, name, value);
  return status == UCS_OK ? Status() : ucx_status(std::string("setting UCX ") + name + "=" + value, status);
}

// An option of TCP's own. UCX to 1.20 wants it without the transport's name and takes a wrong one in silence; from 1.21 on
// it refuses what is without it.
Status set_tcp_default(ucp_config_t* config, const std::string& name, const char* value) {
  unsigned major = 0, minor = 0, release = 0;
  ucp_get_version(&major, &minor, &release);
  const std::string qualified = "TCP_" + name;
  const bool takes_qualified = major > 1 || minor >= 21;
  return set_default(config, (takes_qualified ? qualified : name).c_str(), value, ("UCX_" + qualified).c_str());
}

// A peer that is gone is an error to UCX, and news of the day to us. UCX reads
// its environment for the log when the library is loaded, before any main.
void quieten_log() {
  if (std::getenv("UCX_LOG_LEVEL") == nullptr) ucs_global_opts_set_value("LOG_LEVEL", "fatal");
}

// UCX's zero-copy over TCP completes a send twice when the connection breaks in the middle of it (uct_tcp_ep_sendv of
// 1.13 to 1.21), and a UCX that checks itself, as Debian's does, ends the process then. So small messages are copied, over
// all transports since UCX has one threshold for all, and large ones go over TCP as messages; in segments of this size
// that takes no longer (ucx_perftest -t ucp_am_bw with and without these). What other transports do with large messages is untouched.
Status copy_over_tcp(ucp_config_t* config) {
  ATOLL_RETURN_IF_ERROR(set_default(config, "ZCOPY_THRESH", "inf", "UCX_ZCOPY_THRESH"));
  ATOLL_RETURN_IF_ERROR(set_tcp_default(config, "PUT_ENABLE", "n"));
  ATOLL_RETURN_IF_ERROR(set_tcp_default(config, "TX_SEG_SIZE", "256k"));
  return set_tcp_default(config, "RX_SEG_SIZE", "256k");
}

// UCX asks the kernel for up to 16 events of TCP at once; when what it does for one of them closes another one's connection,
// as when both sides connected at the same time, that one's event is left, and a UCX that checks itself ends the process
// (uct_tcp_iface_handle_events of 1.13 to 1.22). One at a time takes no longer (bench/compare's rows with UCX_TLS=tcp).
Status take_tcp_events_singly(ucp_config_t* config) { return set_tcp_default(config, "MAX_POLL", "1"); }

// UCX connects over TCP by a call that returns when the other side has answered: one host that takes no packets any more would
// hold whoever connects to it, and with it a daemon's whole node, for as long as the kernel asks again.
Status connect_without_waiting(ucp_config_t* config) { return set_tcp_default(config, "CONN_NB", "y"); }

// What a process costs to start and to end is mostly fresh pages of queues in shared memory. System V's are what UCX
// chooses wherever it may, so POSIX's are not opened beside them; and there are first as many receive buffers as a queue has
// places, 64 (256 in later versions), and as many again, not 512 of them. Together these take 4 ms of 9 from each process.
Status start_small(ucp_config_t* config) {
  ATOLL_RETURN_IF_ERROR(set_default(config, "MM_FIFO_SIZE", "64", "UCX_MM_FIFO_SIZE"));
  return set_default(config, "MM_RX_BUFS_GROW", "128", "UCX_MM_RX_BUFS_GROW");
}

// UCX reads as much as there is into one of the buffers that it keeps, so that in time all of each is touched: 4 MB of a
// process that is never sent large values. What has come and was not read is what its connections have room for.
Status keep_window_small(ucp_config_t* config, std::size_t bytes) {
  return bytes == 0 ? Status() : set_tcp_default(config, "RCVBUF", std::to_string(bytes).c_str());
}

Status configure(ucp_config_t* config, std::size_t tcp_window) {
  ATOLL_RETURN_IF_ERROR(set_default(config, "TLS", "^posix", "UCX_TLS"));
  ATOLL_RETURN_IF_ERROR(start_small(config));
  // UCX's keepalive asks over an endpoint whose peer has just closed, is answered
  // over TCP, and then UCX 1.13 may free a TCP endpoint while it still reads from
  // it. Sockets, and ProcessWatch where there are none, tell sooner anyway.
  ATOLL_RETURN_IF_ERROR(set_default(config, "KEEPALIVE_INTERVAL", "inf", "UCX_KEEPALIVE_INTERVAL"));
  // Without it no shared memory is chosen for endpoints that report a dead peer.
  ATOLL_RETURN_IF_ERROR(set_default(config, "MM_ERROR_HANDLING", "y", "UCX_MM_ERROR_HANDLING"));
  ATOLL_RETURN_IF_ERROR(take_tcp_events_singly(config));
  ATOLL_RETURN_IF_ERROR(connect_without_waiting(config));
  ATOLL_RETURN_IF_ERROR(keep_window_small(config, tcp_window));
  return copy_over_tcp(config);
}

}  // namespace

Status ucx_status(const std::string& what, ucs_status_t status) {
  const bool exhausted = status == UCS_ERR_NO_MEMORY || status == UCS_ERR_NO_RESOURCE;
  return Status(exhausted ? Code::kResourceExhausted : Code::kUnavailable, what + ": " + ucs_status_string(status));
}

Result<std::unique_ptr<UcxWorker>> UcxWorker::create(std::size_t tcp_window) {
  std::unique_ptr<UcxWorker> worker(new UcxWorker);
  ATOLL_RETURN_IF_ERROR(worker->open(tcp_window));
  return worker;
}

Status UcxWorker::open_context(std::size_t tcp_window) {
  quieten_log();
  ucp_config_t* config = nullptr;
  if (const ucs_status_t status = ucp_config_read(nullptr, nullptr, &config); status != UCS_OK)
    return ucx_status("reading the UCX_ environment", status);
  Status configured = configure(config, tcp_window);
  if (configured.ok()) {
    ucp_params_t params{};
    params.field_mask = UCP_PARAM_FIELD_FEATURES | UCP_PARAM_FIELD_NAME;
    params.features = UCP_FEATURE_AM | UCP_FEATURE_WAKEUP;
    params.name = "atoll";
    const ucs_status_t status = ucp_init(&params, config, &context_);
    if (status != UCS_OK) configured = ucx_status("starting UCX", status);
  }
  ucp_config_release(config);
  return configured;
}

Status UcxWorker::open(std::size_t tcp_window) {
  ATOLL_RETURN_IF_ERROR(open_context(tcp_window));

  ucp_worker_params_t params{};
  params.field_mask = UCP_WORKER_PARAM_FIELD_THREAD_MODE;
  // One thread at a time, but not always the one that opened it; newer UCX ends the process over that in mode SINGLE.
  params.thread_mode = UCS_THREAD_MODE_SERIALIZED;
  if (const ucs_status_t status = ucp_worker_create(context_, &params, &worker_); status != UCS_OK)
    return ucx_status("creating a UCX worker", status);
  if (const ucs_status_t status = ucp_worker_get_efd(worker_, &event_fd_); status != UCS_OK)
    return ucx_status("asking UCX for its event descriptor", status);
  return wrap_address();
}

Status UcxWorker::wrap_address() {
  const Result<ProcessStamp> stamp = ProcessStamp::of_this_process();
  if (!stamp.ok()) return stamp.status();
  stamp_ = *stamp;
  ucp_worker_attr_t attributes{};
  attributes.field_mask = UCP_WORKER_ATTR_FIELD_ADDRESS;
  if (const ucs_status_t status = ucp_worker_query(worker_, &attributes); status != UCS_OK)
    return ucx_status("asking UCX for our address", status);
  Envelope envelope;
  envelope.packed_length = static_cast<std::uint32_t>(attributes.address_length);
  envelope.stamp = stamp_;
  address_.assign(reinterpret_cast<const char*>(&envelope), sizeof envelope);
  address_.append(reinterpret_cast<const char*>(attributes.address), attributes.address_length);
  ucp_worker_release_address(worker_, attributes.address);
  if (address_.size() <= kMaxAddress) return Status();
  return Status(Code::kResourceExhausted, "our UCX address takes " + std::to_string(address_.size()) +
                                              " bytes; name fewer devices in UCX_NET_DEVICES");
}

// Ends what UCX itself has under way: a peer that began to connect to us may be in the middle of UCX's own wire-up, and
// UCX 1.13 ends the process ("got REP message") when a worker is destroyed then. Returns whether it came to an end.
bool UcxWorker::settle(Duration limit) {
  ucp_request_param_t params{};
  const ucs_status_ptr_t request = ucp_worker_flush_nbx(worker_, &params);
  if (!UCS_PTR_IS_PTR(request)) return true;
  const Time end = now() + limit;
  while (ucp_request_check_status(request) == UCS_INPROGRESS && now() < end) ucp_worker_progress(worker_);
  const bool done = ucp_request_check_status(request) != UCS_INPROGRESS;
  ucp_request_free(request);
  return done;
}

UcxWorker::~UcxWorker() {
  // What does not come to an end is left to the end of the process.
  if (worker_ != nullptr && !settle(kSettleLimit)) return;
  if (worker_ != nullptr) ucp_worker_destroy(worker_);
  if (context_ != nullptr) ucp_cleanup(context_);
}

Result<UcxWorker::Address> UcxWorker::parse(std::string_view address) {
  const Status malformed(Code::kInvalidArgument, "not the address of an atoll process");
  Envelope envelope;
  if (address.size() <= sizeof envelope || address.size() > kMaxAddress) return malformed;
  std::memcpy(&envelope, address.data(), sizeof envelope);
  address.remove_prefix(sizeof envelope);
  if (std::memcmp(envelope.magic, Envelope().magic, sizeof envelope.magic) != 0) return malformed;
  if (envelope.packed_length != address.size()) return malformed;
  return Address{envelope.stamp, address};
}

}  // namespace Atoll
