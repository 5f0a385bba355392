// The nacre_transaction.

#include "nacre/transaction.h"

#include <string>

#include "capi/door.h"
#include "capi/handles.h"
#include "capi/options.h"

using namespace nacre;
using namespace nacre::capi;

namespace {

Result<void> needed_transaction(const nacre_transaction* transaction) {
  return needed(transaction, "the transaction is NULL");
}

Result<void> belongs(const nacre_transaction* transaction, const nacre_keyspace* keyspace) {
  NACRE_TRY(needed_transaction(transaction));
  NACRE_TRY(needed(keyspace, "the keyspace is NULL"));
  if (keyspace->keyspace.core() != transaction->core)
    return invalid_argument(Operation::kNone, "the keyspace belongs to another database");
  return {};
}

// A value that owns its bytes.
nacre_value* handle_of(std::string text) {
  auto* owned = new std::string(std::move(text));
  return new nacre_value{Value(*owned, owned, [](void* pin) { delete static_cast<std::string*>(pin); })};
}

}  // namespace

nacre_status nacre_transaction_begin(nacre_db* db, nacre_transaction** transaction, nacre_error* error) {
  return hand_out(transaction, error, [&]() -> Result<nacre_transaction*> {
    NACRE_TRY(needed(db, "the database is NULL"));
    return new nacre_transaction{.transaction = db->db.begin(), .core = db->default_keyspace.keyspace.core()};
  });
}

nacre_status nacre_transaction_put(nacre_transaction* transaction, const nacre_keyspace* keyspace, nacre_bytes key,
                                   nacre_bytes value, nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(belongs(transaction, keyspace));
    NACRE_TRY_ASSIGN(const Bytes at, as_bytes(key));
    NACRE_TRY_ASSIGN(const Bytes what, as_bytes(value));
    return transaction->transaction.put(keyspace->keyspace, at, what);
  });
}

nacre_status nacre_transaction_erase(nacre_transaction* transaction, const nacre_keyspace* keyspace, nacre_bytes key,
                                     nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(belongs(transaction, keyspace));
    NACRE_TRY_ASSIGN(const Bytes at, as_bytes(key));
    return transaction->transaction.erase(keyspace->keyspace, at);
  });
}

nacre_status nacre_transaction_get(nacre_transaction* transaction, const nacre_keyspace* keyspace, nacre_bytes key,
                                   nacre_value** value, nacre_error* error) {
  return hand_out(value, error, [&]() -> Result<nacre_value*> {
    NACRE_TRY(belongs(transaction, keyspace));
    NACRE_TRY_ASSIGN(const Bytes at, as_bytes(key));
    NACRE_TRY_ASSIGN(std::optional<std::string> found, transaction->transaction.get(keyspace->keyspace, at));
    return found ? handle_of(*std::move(found)) : nullptr;
  });
}

nacre_status nacre_transaction_read_range(nacre_transaction* transaction, const nacre_keyspace* keyspace,
                                          nacre_bytes from, nacre_bytes to, nacre_entry_fn visit, void* context,
                                          nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(belongs(transaction, keyspace));
    if (visit == nullptr) return invalid_argument(Operation::kScan, "the callback is NULL");
    NACRE_TRY_ASSIGN(const Bytes first, as_bytes(from));
    NACRE_TRY_ASSIGN(const Bytes end, as_bytes(to));
    NACRE_TRY_ASSIGN(const auto entries, transaction->transaction.read_range(keyspace->keyspace, first, end));
    for (const auto& [key, value] : entries) {
      if (!visit(context, as_c(key), as_c(value))) break;
    }
    return {};
  });
}

nacre_status nacre_transaction_commit(nacre_transaction* transaction, const nacre_write_options* options,
                                      nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed_transaction(transaction));
    NACRE_TRY_ASSIGN(const WriteOptions how, as_write_options(options));
    return transaction->transaction.commit(how);
  });
}

void nacre_transaction_rollback(nacre_transaction* transaction) {
  if (transaction != nullptr) transaction->transaction.rollback();
}

void nacre_transaction_free(nacre_transaction* transaction) { delete transaction; }
