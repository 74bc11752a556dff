#include "runtime/wire/messages.h"

#include <utility>

namespace Atoll {

Message::Message() = default;
Message::Message(const Message& other) = default;
Message::Message(Message&& other) noexcept = default;
Message& Message::operator=(const Message& other) = default;
Message& Message::operator=(Message&& other) noexcept = default;
Message::~Message() = default;

template <typename T>
  requires kIsOneOf<T, MessageVariant>
Message::Message(T message) : MessageVariant(std::in_place_type<T>, std::move(message)) {}

// One line for every alternative of MessageVariant; the linker names a missing one.
template Message::Message(Join);
template Message::Message(Welcome);
template Message::Message(Heartbeat);
template Message::Message(HeartbeatAck);
template Message::Message(Expelled);
template Message::Message(Stop);
template Message::Message(Attach);
template Message::Message(Attached);
template Message::Message(AttachRefused);
template Message::Message(Detach);
template Message::Message(EndJob);
template Message::Message(GetJob);
template Message::Message(JobReply);
template Message::Message(GetProgram);
template Message::Message(ProgramChunk);
template Message::Message(LeaseRequest);
template Message::Message(LeaseGrant);
template Message::Message(LeaseRefused);
template Message::Message(LeaseReturn);
template Message::Message(LeaseLost);
template Message::Message(PlaceRequest);
template Message::Message(Placed);
template Message::Message(Infeasible);
template Message::Message(WorkerReady);
template Message::Message(PushTask);
template Message::Message(TaskDone);
template Message::Message(CreateActor);
template Message::Message(WatchActor);
template Message::Message(NoSuchActor);
template Message::Message(ActorUpdate);
template Message::Message(KillActor);
template Message::Message(StartActor);
template Message::Message(ActorStarted);
template Message::Message(ActorEnded);
template Message::Message(StopActor);
template Message::Message(InitActor);
template Message::Message(InitActorDone);
template Message::Message(CallActor);
template Message::Message(FetchObject);
template Message::Message(ObjectReady);
template Message::Message(GetStatus);
template Message::Message(StatusReport);
template Message::Message(WorkerDied);
template Message::Message(NodeDied);
template Message::Message(LeaseCancel);
template Message::Message(CreateGroup);
template Message::Message(WatchGroup);
template Message::Message(NoSuchGroup);
template Message::Message(RemoveGroup);
template Message::Message(GroupUpdate);
template Message::Message(ReserveBundles);
template Message::Message(BundlesReserved);
template Message::Message(FreeBundles);
template Message::Message(TasksReturned);
template Message::Message(WorkerBlocked);
template Message::Message(CancelTask);
template Message::Message(CancelObject);
template Message::Message(StreamItem);
template Message::Message(StreamRead);
template Message::Message(ActorLeaves);
template Message::Message(Sync);
template Message::Message(Synced);
template Message::Message(ReturnTasks);
template Message::Message(GetArena);
template Message::Message(ArenaReply);
template Message::Message(MakeRoom);
template Message::Message(RoomMade);
template Message::Message(RoomRefused);
template Message::Message(SealCopy);
template Message::Message(HoldCopy);
template Message::Message(CopyHeld);
template Message::Message(CopyGone);
template Message::Message(LetGo);
template Message::Message(LetGoIdle);
template Message::Message(OwnCopies);
template Message::Message(DropCopies);
template Message::Message(CopyOrphaned);
template Message::Message(OwnerGone);
template Message::Message(ReadCopy);
template Message::Message(CopyBytes);
template Message::Message(CopyDropped);
template Message::Message(CopyElsewhere);
template Message::Message(CopyTaken);
template Message::Message(GetPeers);
template Message::Message(Peers);
template Message::Message(GetState);
template Message::Message(StateReport);
template Message::Message(BorrowObjects);
template Message::Message(ObjectsBorrowed);
template Message::Message(ReturnObjects);
template Message::Message(DoneWithRefs);
template Message::Message(ItemWithRefs);
template Message::Message(RefsTaken);
template Message::Message(RecountRefs);
template Message::Message(CopyLost);
template Message::Message(ArgumentLost);
template Message::Message(NameLease);
template Message::Message(GetLogs);
template Message::Message(LogList);
template Message::Message(ReadLog);
template Message::Message(LogBytes);
template Message::Message(WorkerLastTry);
template Message::Message(IsNeeded);
template Message::Message(NeedReply);
template Message::Message(GetTaskCounts);
template Message::Message(TaskCounts);
template Message::Message(TimelineChunk);
template Message::Message(FlushTimeline);
template Message::Message(GetTimeline);
template Message::Message(TimelinePart);
template Message::Message(GetClock);
template Message::Message(ClockReply);
template Message::Message(GatherState);

}  // namespace Atoll
