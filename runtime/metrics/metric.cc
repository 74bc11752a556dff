#include "runtime/metrics/metric.h"

namespace Atoll {
namespace {

using enum MetricType;

constexpr MetricFamily kFamilies[] = {
    {"atoll_build_info", kGauge, "Always 1; its labels say which process this is, of which cluster, node and version."},
    {"atoll_uptime_seconds", kGauge, "Since the process serves its cluster."},
    {"atoll_process_cpu_seconds_total", kCounter, "Processor time of the process, all its threads together."},
    {"atoll_process_resident_memory_bytes", kGauge, "Memory that the process has in use, shared memory included."},
    {"atoll_messages_total", kCounter, "Messages by direction and by what the peer is."},
    {"atoll_message_bytes_total", kCounter, "Bytes of these messages, of objects' bytes too."},
    {"atoll_loop_lateness_seconds", kHistogram, "How much later than wanted the process's loop did what was due."},
    {"atoll_loop_stalls_total", kCounter, "Times in which the loop stood still for seconds; the log has a line of each."},
    {"atoll_loop_stall_seconds_total", kCounter, "Their length, together."},

    {"atoll_owners", kGauge, "Processes that own tasks and calls and were asked for what is counted here."},
    {"atoll_owners_silent", kGauge, "Those of them that did not answer in time and are counted as they last did."},
    {"atoll_tasks", kGauge, "Unfinished tasks: waiting for arguments, queued for a worker, or sent to one."},
    {"atoll_tasks_submitted_total", kCounter, "Tasks that were submitted."},
    {"atoll_tasks_finished_total", kCounter, "Tasks that ended well."},
    {"atoll_tasks_failed_total", kCounter, "Tasks that ended with an error, or were cancelled."},
    {"atoll_tasks_retried_total", kCounter, "Times in which a task was to be run again."},
    {"atoll_calls", kGauge, "Unfinished calls of actors: queued, or sent to the actor."},
    {"atoll_calls_submitted_total", kCounter, "Calls of actors that were made."},
    {"atoll_calls_finished_total", kCounter, "Calls of actors that ended well."},
    {"atoll_calls_failed_total", kCounter, "Calls of actors that ended with an error, or were cancelled."},
    {"atoll_calls_retried_total", kCounter, "Times in which a call was to be sent again."},

    {"atoll_ready", kGauge, "1 once all expected nodes have joined."},
    {"atoll_nodes", kGauge, "Nodes by state."},
    {"atoll_drivers", kGauge, "Programs that are connected and submit work."},
    {"atoll_actors", kGauge, "Actors that are not dead, by state."},
    {"atoll_actors_created_total", kCounter, "Actors that were created."},
    {"atoll_actors_died_total", kCounter, "Actors that ended for good, whatever the reason."},
    {"atoll_actor_restarts_total", kCounter, "Times in which an actor was to be started again."},
    {"atoll_placement_groups", kGauge, "Placement groups by state."},
    {"atoll_placement_groups_created_total", kCounter, "Placement groups that were asked for."},
    {"atoll_requests_waiting", kGauge, "Workers that were asked for and for which no node has room."},
    {"atoll_node_deaths_total", kCounter, "Nodes that were declared dead."},
    {"atoll_worker_deaths_total", kCounter, "Workers that ended unasked, of all nodes."},

    {"atoll_workers", kGauge, "Worker processes by state."},
    {"atoll_worker_starts_total", kCounter, "Worker processes whose start was ordered."},
    {"atoll_worker_failures_total", kCounter, "Worker processes that ended unasked."},
    {"atoll_workers_ended_for_memory_total", kCounter, "Worker processes that the memory watch ended."},
    {"atoll_leases", kGauge, "Workers for tasks: granted, starting, or waiting for room in a placement group."},
    {"atoll_lease_latency_seconds", kHistogram, "From the question for a worker to its grant."},
    {"atoll_node_actors", kGauge, "Actors on the node."},
    {"atoll_cpus", kGauge, "The node's CPUs: held by leases, actors and placement groups, or free."},
    {"atoll_gpus", kGauge, "The node's GPUs: held, or idle."},
    {"atoll_memory_bytes", kGauge, "The node's memory for tasks and actors: held by those that ask for some, or free."},
    {"atoll_node_memory_used_bytes", kGauge, "Memory in use that cannot be had back, of what the job may use on the node."},
    {"atoll_node_memory_limit_bytes", kGauge, "What the job may use of the node's memory."},
    {"atoll_objects", kGauge, "Copies of objects in object memory or on disk."},
    {"atoll_objects_waiting", kGauge, "Copies that wait for room in object memory."},
    {"atoll_object_memory_used_bytes", kGauge, "Object memory that copies take."},
    {"atoll_object_memory_limit_bytes", kGauge, "The node's object memory."},
    {"atoll_object_memory_reached_bytes", kGauge, "The pages of object memory that were ever touched."},
    {"atoll_objects_evicted_total", kCounter, "Copies that gave way, since they are on another node or on disk too."},
    {"atoll_object_evicted_bytes_total", kCounter, "Their bytes."},
    {"atoll_object_spilled_bytes_total", kCounter, "Bytes of copies that were written to disk."},
    {"atoll_object_restored_bytes_total", kCounter, "Bytes of copies that were read back from disk."},
    {"atoll_spill_files", kGauge, "Files with spilled copies."},
    {"atoll_spill_disk_bytes", kGauge, "Their bytes."},
    {"atoll_transfers_received_total", kCounter, "Copies that were fetched whole from other nodes."},
    {"atoll_transfer_received_bytes_total", kCounter, "Bytes of copies that came from other nodes."},
    {"atoll_transfers_sent_total", kCounter, "Pieces of copies that were sent to other nodes."},
    {"atoll_transfer_sent_bytes_total", kCounter, "Their bytes."},
};
static_assert(sizeof kFamilies / sizeof kFamilies[0] == kMetrics);

}  // namespace

std::span<const MetricFamily, kMetrics> metric_families() { return kFamilies; }

}  // namespace Atoll
